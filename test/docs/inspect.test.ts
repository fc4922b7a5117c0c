import { testDocument } from './document-test.js';

testDocument('docs/inspect.md');
