import { testDocument } from './document-test.js';

testDocument('docs/sweeps.md');
