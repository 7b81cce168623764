@echo off
rem Sets the archive up where it is not yet, then starts it: run, run SUBCOMMAND ...
setlocal
chcp 65001 >nul
set "here=%~dp0"
set "venv=%here%.venv"
set "python=py -3"
where py >nul 2>nul || set "python=python"

fc /b "%here%requirements.lock" "%venv%\.installed" >nul 2>nul && goto start
echo 正在准备运行环境，第一次需要几分钟……
if not exist "%venv%\Scripts\python.exe" %python% -m venv "%venv%" || goto failed
"%venv%\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check --require-hashes -r "%here%requirements.lock" || goto failed
"%venv%\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "%here%." || goto failed
copy /y "%here%requirements.lock" "%venv%\.installed" >nul

:start
"%venv%\Scripts\python.exe" -m repository %*
exit /b %errorlevel%

:failed
echo 环境没有准备好。需要 Python 3.11 或更新的版本，并能连上网络。
exit /b 2
