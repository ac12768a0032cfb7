"""RelRec: why was this recommended?"""

VERSION = "0.1.0"
