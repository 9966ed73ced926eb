"""Which of a sender's deliveries are about tickets."""
