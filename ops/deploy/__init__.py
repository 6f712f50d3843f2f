"""Deploying a stage, reading it back, taking it back, taking it away.

A deploy is a list of steps (`steps.py`). Each looks at what is there and does what is missing, so a deploy that was killed or refused at
any point is mended by running it again. Nothing is remembered between two runs but what AWS itself holds: names are known beforehand
(`account.py`), what ought to be is in the files (`wanted.py`), what is there is read from the account.
"""
