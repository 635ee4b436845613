"""The frame of a prompt, and how text from outside is kept from breaking it.

What people, files and cards say is data. It must not be able to look like the sentinel, like a
token of a chat template, or like another person's line.
"""

from __future__ import annotations

from memory.plain_text import NAME_CHARACTERS as NAME_CHARACTERS
from memory.plain_text import SENTINEL as SENTINEL
from memory.plain_text import neutral as neutral
from memory.plain_text import one_line as one_line
from memory.plain_text import plain_name as plain_name
