"""The `liaison` command's verbs, one module a subject; `deployments.cli.app` only names them."""
