"""PagerDuty's wire protocol on a small stateful account."""
