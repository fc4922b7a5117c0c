#!/usr/bin/env node
import '../dist/program/polyak.js';
