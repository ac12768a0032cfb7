"""RelRec: why was this recommended?"""

import logging

VERSION = "0.1.0"

logging.getLogger("relrec").addHandler(logging.NullHandler())  # who uses it says where to log
