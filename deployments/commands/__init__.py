"""The `liaison` command's verbs, one module a subject; `deployments.cli` only names them."""
