/** What a run can be exported as. */
export const exportFormats = ['safetensors', 'tfjs', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];
