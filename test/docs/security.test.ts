import { testDocument } from './document-test.js';

testDocument('SECURITY.md');
