/**
 * The number of the arithmetic: of the kernels beside this file, the draws, the layers and losses, the optimizers, the order of sums. Raise it
 * by one with every change after which the same experiment comes to other bits, and with no other: processes of
 * one revision work on one trial, whatever their versions are, and those of another are refused by it.
 */
export const arithmeticRevision = 1;

/** Of programs that did not say theirs yet. */
export const firstArithmeticRevision = 1;
