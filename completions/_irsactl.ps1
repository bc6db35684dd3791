# irsactl's completion for PowerShell. It asks irsactl itself what may come next.

Register-ArgumentCompleter -Native -CommandName irsactl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words before the cursor as they are written: nothing on the line is run.
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or $_.Extent.StartOffset -eq $commandAst.Extent.StartOffset } |
        ForEach-Object { $_.Extent.Text.Trim("'", '"') })
    $current = "$wordToComplete"
    if ($current -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') {
        # Older ones do not hand an empty word on.
        $current = '""'
    }
    if (-not (Get-Command -Name irsactl -CommandType Application -ErrorAction SilentlyContinue)) { return }
    $null | & (Get-Command -Name irsactl -CommandType Application | Select-Object -First 1) __complete -- $words $current 2>$null |
        ForEach-Object {
            $value, $about = $_.Split("`t", 2)
            if (-not $about) { $about = $value }
            $text = $value
            if ($text -notmatch '^[A-Za-z0-9_.:/=+-]+$') { $text = "'" + $text.Replace("'", "''") + "'" }
            [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
        }
}
