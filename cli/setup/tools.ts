/** The programs that setup needs, and how to get those that are missing. */
import { spawnSync } from 'node:child_process';

interface Tool {
  name: string;
  /** Debian's and Ubuntu's package. */
  aptPackage: string;
  /** Succeeds where the tool is there and works. */
  probe: [command: string, ...args: string[]];
}

const tools: readonly Tool[] = [
  { name: 'python3', aptPackage: 'python3', probe: ['python3', '--version'] },
  { name: 'pip', aptPackage: 'python3-pip', probe: ['python3', '-m', 'pip', '--version'] },
  { name: 'g++', aptPackage: 'g++', probe: ['g++', '--version'] },
  { name: 'make', aptPackage: 'make', probe: ['make', '--version'] },
  { name: 'npm', aptPackage: 'npm', probe: ['npm', '--version'] },
];

/** Those of the needed tools that are missing and the one line that installs them, or undefined when none is. */
export function describeMissingTools(
  needed: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const absent = tools.filter(({ name, probe: [command, ...args] }) => {
    return needed.includes(name) && spawnSync(command, args, { stdio: 'ignore', env: environment }).status !== 0;
  });
  if (absent.length === 0) {
    return undefined;
  }
  const names = absent.map((tool) => tool.name).join(', ');
  return `missing: ${names}; install with: sudo apt-get install -y ${absent.map((tool) => tool.aptPackage).join(' ')}`;
}
