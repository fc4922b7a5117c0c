/** `tensorflow` is the native library, `cpu` is JavaScript: the same results to about 1e-6, a hundred times slower. */
export type Backend = 'tensorflow' | 'cpu';
