# Windows: makes .venv ready for Kith, with the CUDA build of torch where there is an NVIDIA card.
# Run it in the folder of this file:   powershell -ExecutionPolicy Bypass -File setup_env.ps1
# Beforehand: Python 3.11 or newer (winget install Python.Python.3.12). All that is decided, and what else
# the system lacks, is in setup_env.py; --dev adds what tests and checks need.
$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot

$python = $null
foreach ($version in "3.12", "3.13", "3.11") {
    if (Get-Command py -ErrorAction SilentlyContinue) {
        py "-$version" -c "" 2>$null
        if ($LASTEXITCODE -eq 0) { $python = "py", "-$version"; break }
    }
}
if (-not $python -and (Get-Command python -ErrorAction SilentlyContinue)) { $python = , "python" }
if (-not $python) {
    Write-Host "Python is missing: winget install Python.Python.3.12, then run this again."
    exit 1
}

$program, $options = $python
& $program @options setup_env.py @args
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }

Write-Host "Start her with:  .venv\Scripts\python -m local_mode"
