# irsactl's completion for fish. It asks irsactl itself what may come next.

function __irsactl_complete
    command -q irsactl
    and command irsactl __complete -- (commandline -opc) (commandline -ct) 2>/dev/null </dev/null
end

complete -c irsactl -f -k -a '(__irsactl_complete)'
