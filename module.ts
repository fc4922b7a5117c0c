/**
 * What a user's module imports, as `polyak/module`. Apart from the library, because its types are TensorFlow.js's, which a
 * program that only trains need not have.
 */
export { layerRandom } from './worker/module/module-layers.js';
export {
  defineModule,
  type AugmentRequest,
  type DataRequest,
  type ModelRequest,
  type ModuleAugmentation,
  type ModuleData,
  type ModuleDataSource,
  type ModuleDefinition,
  type ModuleLayerClass,
  type ModuleLoss,
  type ModuleMetric,
  type ModuleModel,
  type ModuleRandom,
  type ModuleSplit,
  type UserModule,
} from './worker/module/user-module.js';
