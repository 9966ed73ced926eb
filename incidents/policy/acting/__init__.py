"""What the policy says about remedies: how far Liaison may go with each, and what must hold before it starts one."""
