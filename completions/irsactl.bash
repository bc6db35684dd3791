# irsactl's completion for bash. It asks irsactl itself what may come next.

_irsactl() {
    local line=${COMP_LINE:0:COMP_POINT} words=() count=0 index word
    # bash parts words at : and = too; they are put together again where nothing stands between them.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index == 0)) || [[ $line == [[:space:]]* ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            words[count++]=${line:0:${#word}}
        else
            words[count - 1]+=${line:0:${#word}}
        fi
        line=${line:${#word}}
    done
    # What bash keeps of the word; it replaces the rest only.
    local kept=${words[count - 1]%"$2"} offer
    COMPREPLY=()
    while IFS=$'\t' read -r offer _; do
        offer=${offer#"$kept"}
        if [[ $offer == *[!A-Za-z0-9_.,:/@=+~-]* ]]; then
            printf -v offer %q "$offer"
        fi
        COMPREPLY+=("$offer")
    done < <(irsactl __complete -- "${words[@]}" 2>/dev/null </dev/null)
    if ((${#COMPREPLY[@]} == 0)) && [[ ${words[count - 1]} == *[~\$\"\']* ]]; then
        # bash alone knows what such a word stands for; what else has no offers is no file.
        compopt -o bashdefault -o default 2>/dev/null
    fi
    if [[ ${COMPREPLY-} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _irsactl irsactl
