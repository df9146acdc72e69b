/* SPDX-License-Identifier: MIT
 *
 * Completion for shells, made of the table of commands: help --completion bash, or zsh.
 */
#include <string.h>

#include "app/cli/cli.h"

/* ---- what values can be --------------------------------------------------------------------------------------- */

#define LISTS      "@lists"
#define FILES      "@files"
#define PARAMETERS "@parameters"
#define COMMANDS   "@commands"

/* Options whose values can be told, and arguments as usage calls them: words, or a kind of its own. */
static const struct {
    const char *name, *values;
} known_options[] =
    {
        {"ca", FILES},
        {"completion", "bash zsh"},
        {"done", "keep seen move delete"},
        {"form", "signed plain verp"},
        {"format", "json text sisimai"},
        {"home", FILES},
        {"into", FILES},
        {"list", LISTS},
        {"password-file", FILES},
        {"rules", FILES},
        {"set", PARAMETERS},
        {"status", "active quarantined bounced complained unsubscribed"},
        {"token-file", FILES},
},
  known_arguments[] = {
      {"list show", LISTS},         {"help", COMMANDS}, {"parse", FILES},   {"ingest", FILES},
      {"subscriber import", FILES}, {"backup", FILES},  {"restore", FILES}, {"rules check", FILES},
};

static const char *values_of(const char *option)
{
    for (size_t i = 0; i < BB_COUNT(known_options); i++)
        if (strcmp(known_options[i].name, option) == 0) return known_options[i].values;
    return "";
}

static const char *arguments_of(const char *command)
{
    for (size_t i = 0; i < BB_COUNT(known_arguments); i++)
        if (strcmp(known_arguments[i].name, command) == 0) return known_arguments[i].values;
    return "";
}

/* Text within single quotes of a shell; what `also` holds gets a backslash. */
static void put_quoted(cli *c, const char *text, const char *also)
{
    for (; *text; text++) {
        if (strchr(also, *text)) cli_print(c, "\\");
        if (*text == '\'') cli_print(c, "'\\''");
        else cli_print(c, "%c", *text);
    }
}

static void put_parameters(cli *c)
{
    const char *between = "";
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        if (bb_conf_params[i].scope != BB_SCOPE_LIST) continue;
        cli_print(c, "%s%s=", between, bb_conf_params[i].name);
        between = " ";
    }
}

/* ---- bash ----------------------------------------------------------------------------------------------------- */

static const char bash_end[] =
    "\n"
    "# Names of lists, from the home that the line names; silent where there is none.\n"
    "_bouncebox_lists() {\n"
    "    \"${COMP_WORDS[0]/#~\\//$HOME/}\" ${1:+--home \"${1/#~\\//$HOME/}\"} list show --json </dev/null 2>/dev/null "
    "|\n"
    "        grep -o '\"list\":\"[^\"]*\"' | cut -d '\"' -f 4\n"
    "}\n"
    "\n"
    "# What may stand for a value or an argument, one a line.\n"
    "_bouncebox_values() {\n"
    "    case $1 in\n"
    "    @lists) _bouncebox_lists \"$2\" ;;\n"
    "    @files) ;;\n"
    "    @parameters) printf '%s\\n' $_bouncebox_parameters ;;\n"
    "    @commands) printf '%s\\n' \"$_bouncebox_commands\" | cut -d ' ' -f 1 | sort -u ;;\n"
    "    *) printf '%s\\n' $1 ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_bouncebox() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command='' words='' home='' pending='' only='' options w i candidates "
    "kind=''\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        w=${COMP_WORDS[i]}\n"
    "        options=\" $(_bouncebox_options \"$command\") \"\n"
    "        if [[ $w = = && -n $pending ]]; then continue; fi\n"
    "        if [[ -n $pending ]]; then\n"
    "            if [[ $pending = --home ]]; then home=$w; fi\n"
    "            pending=''\n"
    "        elif [[ -z $only && $w = -- ]]; then only=1\n"
    "        elif [[ -z $only && $w = -* ]]; then\n"
    "            if [[ $options = *\" $w= \"* ]]; then pending=$w; fi\n"
    "        elif [[ -z $command ]]; then\n"
    "            words=${words:+$words }$w\n"
    "            if [[ $'\\n'$_bouncebox_commands$'\\n' = *$'\\n'\"$words\"$'\\n'* ]]; then command=$words; fi\n"
    "        fi\n"
    "    done\n"
    "    if [[ $cur = = ]]; then cur=''; fi\n"
    "    if [[ -n $pending ]]; then\n"
    "        kind=$(_bouncebox_kind \"$pending\")\n"
    "        candidates=$(_bouncebox_values \"$kind\" \"$home\")\n"
    "    elif [[ -z $only && $cur = -* ]]; then\n"
    "        options=$(_bouncebox_options \"$command\")\n"
    "        candidates=${options//=/}\n"
    "    elif [[ -z $command ]]; then\n"
    "        candidates=$(printf '%s\\n' \"$_bouncebox_commands\" | sed -n \"s/^${words:+$words "
    "}\\([a-z]*\\).*/\\1/p\")\n"
    "    else\n"
    "        kind=$(_bouncebox_kind \"$command\")\n"
    "        candidates=$(_bouncebox_values \"$kind\" \"$home\")\n"
    "    fi\n"
    "    if [[ $kind = @files ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "    else\n"
    "        if [[ $kind = @parameters ]]; then compopt -o nospace 2>/dev/null; fi\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$candidates\" -- \"$cur\" | sort -u)\n"
    "    fi\n"
    "}\n"
    "complete -F _bouncebox bouncebox\n";

static void put_bash_options(cli *c, const cli_option *o)
{
    for (; o && o->name; o++) cli_print(c, " --%s%s", o->name, o->value ? "=" : "");
}

static void put_bash_kinds(cli *c)
{
    cli_print(c, "\n# What the values of an option, or the arguments of a command, are.\n"
                 "_bouncebox_kind() {\n    case $1 in\n");
    for (size_t i = 0; i < BB_COUNT(known_options); i++)
        cli_print(c, "    --%s) printf '%%s' '%s' ;;\n", known_options[i].name, known_options[i].values);
    for (size_t i = 0; i < BB_COUNT(known_arguments); i++)
        cli_print(c, "    '%s') printf '%%s' '%s' ;;\n", known_arguments[i].name, known_arguments[i].values);
    cli_print(c, "    esac\n}\n");
}

static void put_bash(cli *c)
{
    cli_print(c, "# bash completion for bouncebox; made by: bouncebox help --completion bash\n\n_bouncebox_commands='");
    for (size_t i = 0; i < cli_commands_count; i++) cli_print(c, "%s%s", i ? "\n" : "", cli_commands[i].name);
    cli_print(c, "'\n_bouncebox_parameters='");
    put_parameters(c);
    cli_print(c, "'\n\n# The options of a command; those with a value end with =.\n"
                 "_bouncebox_options() {\n    printf '%%s' '");
    put_bash_options(c, cli_common_options);
    cli_print(c, "'\n    case $1 in\n");
    for (size_t i = 0; i < cli_commands_count; i++) {
        if (!cli_commands[i].options) continue;
        cli_print(c, "    '%s') printf '%%s' '", cli_commands[i].name);
        put_bash_options(c, cli_commands[i].options);
        cli_print(c, "' ;;\n");
    }
    cli_print(c, "    esac\n}\n");
    put_bash_kinds(c);
    cli_put(c, bb_cstr(bash_end));
}

/* ---- zsh ------------------------------------------------------------------------------------------------------ */

static const char zsh_begin[] = "#compdef bouncebox\n"
                                "# zsh completion for bouncebox; made by: bouncebox help --completion zsh\n"
                                "\n"
                                "# Names of lists, from the home that the line names; silent where there is none.\n"
                                "_bouncebox_lists() {\n"
                                "    local -a names home\n"
                                "    home=(${opt_args[--home]:+--home} ${opt_args[--home]:+${~opt_args[--home]}})\n"
                                "    names=(${(f)\"$(bouncebox $home list show --json </dev/null 2>/dev/null |\n"
                                "        grep -o '\"list\":\"[^\"]*\"' | cut -d '\"' -f 4)\"})\n"
                                "    compadd -a names\n"
                                "}\n"
                                "\n";

static void put_zsh_action(cli *c, const char *values)
{
    if (strcmp(values, LISTS) == 0) cli_print(c, "_bouncebox_lists");
    else if (strcmp(values, FILES) == 0) cli_print(c, "_files");
    else if (strcmp(values, COMMANDS) == 0) cli_print(c, "_bouncebox_firsts");
    else if (strcmp(values, PARAMETERS) == 0) {
        cli_print(c, "{compadd -S \"\" -- ");
        put_parameters(c);
        cli_print(c, "}");
    } else if (values[0]) cli_print(c, "(%s)", values);
    else cli_print(c, " ");
}

static void put_zsh_options(cli *c, const cli_option *o)
{
    for (; o && o->name; o++) {
        cli_print(c, " \\\n            '%s--%s[", o->many ? "*" : "", o->name);
        put_quoted(c, o->help, "[]");
        cli_print(c, "]");
        if (o->value) {
            cli_print(c, ":");
            put_quoted(c, o->value, ":");
            cli_print(c, ":");
            put_zsh_action(c, values_of(o->name));
        }
        cli_print(c, "'");
    }
}

/* 'word:summary' of the commands behind a first word, or of the first words. */
static void put_zsh_words(cli *c, bb_str first)
{
    bb_str last = {0};
    for (size_t i = 0; i < cli_commands_count; i++) {
        bb_str rest = bb_cstr(cli_commands[i].name), word;
        if (!bb_split(&rest, ' ', &word)) continue;
        if (first.n && (!rest.n || !bb_eq(word, first))) continue;
        if (!first.n && bb_eq(word, last)) continue;
        last = word;
        cli_print(c, "\n        '" BB_FMT ":", BB_ARG(first.n ? rest : word));
        put_quoted(c, !first.n && rest.n ? "..." : cli_commands[i].summary, "");
        cli_print(c, "'");
    }
}

static void put_zsh_groups(cli *c)
{
    bb_str last = {0};
    for (size_t i = 0; i < cli_commands_count; i++) {
        bb_str rest = bb_cstr(cli_commands[i].name), word;
        if (!bb_split(&rest, ' ', &word) || !rest.n || bb_eq(word, last)) continue;
        last = word;
        cli_print(c, "    " BB_FMT ")\n        if (( CURRENT == 3 )); then\n            local -a seconds=(",
                  BB_ARG(word));
        put_zsh_words(c, word);
        cli_print(c, ")\n            _describe command seconds\n            return\n        fi\n"
                     "        command=\"$words[2] $words[3]\"\n        shift words\n        (( CURRENT-- )) ;;\n");
    }
}

static void put_zsh(cli *c)
{
    cli_put(c, bb_cstr(zsh_begin));
    cli_print(c, "_bouncebox_firsts() {\n    local -a firsts=(");
    put_zsh_words(c, (bb_str){0});
    cli_print(c, ")\n    _describe command firsts\n}\n\n_bouncebox_command() {\n    case $1 in\n");
    for (size_t i = 0; i < cli_commands_count; i++) {
        cli_print(c, "    '%s')\n        _arguments -S :", cli_commands[i].name);
        put_zsh_options(c, cli_commands[i].options);
        put_zsh_options(c, cli_common_options);
        if (cli_commands[i].most != 0) {
            cli_print(c, " \\\n            '*:");
            put_quoted(c, cli_commands[i].arguments, ":");
            cli_print(c, ":");
            put_zsh_action(c, arguments_of(cli_commands[i].name));
            cli_print(c, "'");
        }
        cli_print(c, " ;;\n");
    }
    cli_print(c, "    esac\n}\n\n_bouncebox() {\n    local command=$words[2]\n"
                 "    if (( CURRENT == 2 )); then\n        _bouncebox_firsts\n        return\n    fi\n"
                 "    case $words[2] in\n");
    put_zsh_groups(c);
    cli_print(c, "    esac\n    shift words\n    (( CURRENT-- ))\n    _bouncebox_command \"$command\"\n}\n\n"
                 "_bouncebox \"$@\"\n");
}

int cli_completion(cli *c, const char *shell)
{
    static const char *const shells[] = {"bash", "zsh", NULL};
    if (strcmp(shell, "bash") == 0) put_bash(c);
    else if (strcmp(shell, "zsh") == 0) put_zsh(c);
    else return cli_usage(c, "--completion %s: there are bash and zsh%s", shell, cli_did_you_mean(c, shell, shells));
    return cli_ok(c);
}
