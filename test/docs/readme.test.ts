import { testDocument } from './document-test.js';

testDocument('README.md');
