"""What `liaison up` starts on one machine, and keeps alive."""
