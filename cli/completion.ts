/**
 * `polyak completion`: a script for the shell that completes commands, flags, their choices, and the ids of runs and sweeps. It is
 * made of the commands as they are; ids are looked up by the shell itself, so that completing starts no process.
 */
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface CompletedCommand {
  name: string;
  summary: string;
  flags: { long: string; description: string; takesValue: boolean; choices: readonly string[] }[];
  /** Its arguments are runs, sweeps or trials. */
  takesRun: boolean;
  choices: readonly string[];
}

export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map(completed);
  if (shell === 'bash') return bash(commands);
  return shell === 'zsh' ? zsh(commands) : fish(commands);
}

function completed(command: Command): CompletedCommand {
  const flags = [
    ...command.options.filter(({ hidden }) => !hidden),
    command.createHelp().visibleOptions(command).at(-1),
  ];
  const unique = new Map(flags.filter((flag) => flag !== undefined).map((flag) => [flag.long, flag]));
  return {
    name: command.name(),
    summary: command.summary(),
    flags: [...unique.values()].map((option: Option) => ({
      long: option.long ?? '',
      description: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    takesRun: command.registeredArguments.some((argument) => /^(run|sweep|trial)/.test(argument.name())),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
}

const runIds = String.raw`
  local state="${'$'}{POLYAK_STATE:-.polyak}" record id
  for record in "$state"/*/run.json "$state"/*/sweep.json; do
    [ -e "$record" ] || continue
    id="${'$'}{record%/*}"
    printf '%s\n' "${'$'}{id##*/}"
  done
  printf '%s\n' @last`;

function bash(commands: CompletedCommand[]): string {
  const cases = commands.map(({ name, flags, takesRun, choices }) => {
    const valued = flags.filter((flag) => flag.choices.length > 0);
    const values = valued.map(
      (flag) => `        ${flag.long}) COMPREPLY=($(compgen -W "${flag.choices.join(' ')}" -- "$word")); return ;;`,
    );
    const words = takesRun ? '$(_polyak_runs)' : choices.join(' ');
    return `    ${name})
      case "$before" in
${[...values, '        *) ;;'].join('\n')}
      esac
      if [[ "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "${flags.map(({ long }) => long).join(' ')}" -- "$word"))
      else
        COMPREPLY=(${words === '' ? '' : `$(compgen -W "${words}" -- "$word") `}$(compgen -f -- "$word"))
      fi ;;`;
  });
  return `# bash completion of polyak: source <(polyak completion bash)
_polyak_runs() {${runIds}
}
_polyak() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _polyak polyak
`;
}

function zsh(commands: CompletedCommand[]): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`);
  const cases = commands.map(({ name, flags, takesRun, choices }) => {
    const options = flags.map(({ long, description, takesValue, choices: values }) => {
      const value = values.length > 0 ? `:value:(${values.join(' ')})` : takesValue ? ':value:_files' : '';
      return `'*${long}[${escaped(description)}]${value}'`;
    });
    const rest = takesRun
      ? "'*:run:_polyak_runs'"
      : choices.length > 0
        ? `'*: :(${choices.join(' ')})'`
        : "'*:file:_files'";
    return `    ${name}) _arguments ${[...options, rest].join(' ')} ;;`;
  });
  return `#compdef polyak
# zsh completion of polyak: source <(polyak completion zsh)
_polyak_run_ids() {${runIds}
}
_polyak_runs() {
  setopt local_options null_glob
  compadd -- \${(f)"$(_polyak_run_ids)"}
  _files
}
_polyak() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _polyak polyak
`;
}

function fish(commands: CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, flags, takesRun, choices }) => {
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    const words = takesRun ? ["'(__polyak_runs)'"] : choices.length > 0 ? [`'${choices.join(' ')}'`] : [];
    return [
      `complete -c polyak -n __fish_use_subcommand -f -a ${name} -d '${escaped(summary)}'`,
      ...flags.map(({ long, description, takesValue, choices: values }) => {
        const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : '';
        return `complete -c polyak ${when} -l ${long.slice(2)}${value} -d '${escaped(description)}'`;
      }),
      ...words.map((list) => `complete -c polyak ${when} -f -a ${list}`),
    ];
  });
  return `# fish completion of polyak: polyak completion fish | source
function __polyak_runs
  set -l state .polyak
  set -q POLYAK_STATE; and set state $POLYAK_STATE
  for record in $state/*/run.json $state/*/sweep.json
    basename (dirname $record)
  end
  echo @last
end
${lines.join('\n')}
`;
}

/** Within single quotes and brackets. */
function escaped(text: string): string {
  return text
    .replaceAll("'", '')
    .replaceAll(/[[\]:]/g, ' ')
    .replaceAll('`', '');
}
