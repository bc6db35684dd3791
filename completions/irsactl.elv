# irsactl's completion for elvish. It asks irsactl itself what may come next.

use str

set edit:completion:arg-completer[irsactl] = {|@words|
    try {
        e:irsactl __complete -- $@words 2>/dev/null </dev/null | from-lines | each {|line|
            var value about = (str:split &max=2 "\t" $line)
            var suffix = ' '
            if (str:has-suffix $value /) { set suffix = '' }
            var display = $value
            if (not-eq $about '') { set display = $value' ('$about')' }
            edit:complex-candidate $value &code-suffix=$suffix &display=$display
        }
    } catch _ { }
}
