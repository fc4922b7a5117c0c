#!/usr/bin/env node
import '../dist/cli/polyak.js';
