"""Deliveries as they arrived, who drains them, and how far polling came."""
