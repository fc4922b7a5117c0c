/** How many bytes this process may use: what its cgroup allows, or what the machine has. */
import { totalmem } from 'node:os';

export function memoryLimitBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
