"""Calls in any order, wrong ones too, and a model that says what each has to come to; `test_any_order.py` runs them."""
