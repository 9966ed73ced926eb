"""What connectors of hosted status pages share: which components show a service, how they look, and who is notified."""
