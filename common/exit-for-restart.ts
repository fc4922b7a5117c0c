/** The exit code by which a worker asks its supervisor for a fresh process: TensorFlow's threads are settled once per process. */
export const exitForRestart = 75; // EX_TEMPFAIL of sysexits.
