/** The exit codes of every command, as help and documentation say them. Those of errors stand in common/errors.ts. */
export const exitCode = { done: 0, internal: 1, usage: 2, budget: 6, interrupted: 130, terminated: 143 } as const;

export const exitCodeMeanings: readonly (readonly [number, string])[] = [
  [0, 'finished, stopped by `polyak stop`, or a role that drained'],
  [1, 'internal error, or a process that another has replaced'],
  [2, 'wrong usage, experiment file, or setup'],
  [3, 'data is missing, torn, or not what the experiment says'],
  [4, 'training diverged or failed'],
  [5, 'the cluster or a server of data cannot be reached'],
  [6, 'the budget of time has ended; the run can be resumed'],
  [130, 'interrupted by Ctrl-C; the run can be resumed'],
  [143, 'ended by SIGTERM; the run can be resumed'],
];
