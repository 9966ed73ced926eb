"""`python -m deployments.cli`: how `liaison` starts itself again as a child."""

from deployments.cli.app import main

main()
