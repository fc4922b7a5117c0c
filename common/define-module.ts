/** The `defineModule` of the library's main entry, whose declarations must not need TensorFlow.js's types. */

/**
 * The default export of a module, given back as it is. That of `polyak/module` is the same, and checks the parts by their
 * types as they are written; here that is left to the moment when the module is loaded.
 */
export function defineModule<const Definition extends object>(definition: Definition): Definition {
  return definition;
}
