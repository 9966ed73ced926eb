"""Will this promise be broken?"""
