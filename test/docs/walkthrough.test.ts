import { testDocument } from './document-test.js';

testDocument('docs/walkthrough.md');
