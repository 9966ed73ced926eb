"""What every webhook source needs: signature schemes, signing, secrets, tokens."""
