/**
 * `completion`: a script that lets a shell complete commands and flags, made from the commands
 * themselves.
 */
import { Argument, type Command } from "commander";
import type { Registry } from "../verb.ts";

export function addCompletion({ program, shell }: Registry): void {
  program
    .command("completion")
    .addArgument(new Argument("<SHELL>", "which shell").choices(["bash", "zsh", "fish"]))
    .description("Print a completion script")
    .addHelpText(
      "after",
      "\nExamples:\n  source <(p2p-sync completion bash)\n  p2p-sync completion fish > ~/.config/fish/completions/p2p-sync.fish",
    )
    .action((name: string) => {
      const script = name === "fish" ? fishScript(program) : bashScript(program);
      shell.stdout.write(name === "zsh" ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script);
    });
}

function bashScript(program: Command): string {
  const cases = program.commands.map(
    (command) => `    ${namesOf(command).join("|")}) words="${wordsOf(command).join(" ")}" ;;`,
  );
  const top = program.commands.flatMap(namesOf).join(" ");
  return `_p2p_sync() {
  local words="${top} --help --version"
  case "\${COMP_CWORD}:\${COMP_WORDS[1]}" in 1:*) ;; *)
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac ;; esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _p2p_sync p2p-sync
`;
}

function fishScript(program: Command): string {
  const lines = program.commands.flatMap((command) => [
    `complete -c p2p-sync -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
    ...command.commands.map(
      (inner) =>
        `complete -c p2p-sync -n '__fish_seen_subcommand_from ${command.name()}' -a ${inner.name()} -d ${quoted(inner.description())}`,
    ),
    ...command.options.flatMap(({ long, description }) =>
      long === undefined || long === null
        ? []
        : [
            `complete -c p2p-sync -n '__fish_seen_subcommand_from ${namesOf(command).join(" ")}' -l ${long.slice(2)} -d ${quoted(description)}`,
          ],
    ),
  ]);
  return `${lines.join("\n")}\n`;
}

function namesOf(command: Command): string[] {
  return [command.name(), ...command.aliases()];
}

function wordsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
  return [
    ...new Set([
      ...command.commands.map((inner) => inner.name()),
      ...own,
      ...command.commands.flatMap(wordsOf),
      "--help",
    ]),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
