# Prints what zsh offers for a command line: complete.zsh FOLDER-OF-FUNCTIONS LINE. zsh completes only
# in an interactive shell, so that one is driven through a pseudo-terminal; its `compadd` prints
# what it is given.
zmodload zsh/zpty || exit 2
zpty shell zsh -f -i
setup=$(mktemp)
cat > $setup <<'SETUP'
PROMPT=
autoload compinit
compinit -u -d ~/.zcompdump
bindkey '^M' undefined
bindkey '^J' undefined
bindkey '^I' complete-word
mark () { echo -E - $'\0' }
compprefuncs=(mark)
comppostfuncs=(mark exit)
zstyle ':completion:*' insert-tab false
compadd () {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    typeset -a hits
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits
}
echo ready
SETUP
zpty -w shell "fpath=(${(q)1} \$fpath); source $setup"
while zpty -r shell line; do
    [[ $line == ready* ]] && break
done
rm -f $setup
zpty -w shell "$2"$'\t'
inside=0
while zpty -r shell line; do
    if [[ $line == *$'\0'* ]]; then
        (( inside )) && break
        inside=1
    elif (( inside )); then
        print -r -- ${line%%[$'\r\n']*}
    fi
done
