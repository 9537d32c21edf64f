"""Corrections by people, spent by one queue or another: which buys the most?"""
