"""The buttons: each view asks first where that is needed, calls one function of `actions`, and says how it
went.
"""
