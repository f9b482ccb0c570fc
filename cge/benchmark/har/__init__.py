"""Read and write GEMPACK header-array (HAR) files.

A HAR file is a Fortran unformatted sequential file: every record stands
between two copies of its length (4 bytes each). A header is a run of records:

1. the header's name, 4 characters;
2. 4 blanks, type (1C text, 2I integer matrix, 2R real matrix, RE real with
   sets, RL real without), storage (FULL or SPSE), long name (70 characters),
   the number of dimensions and the dimensions (7, padded with 1, for RE, RL);
3. for RE: coefficient, set name and status (k: element names follow, u: none,
   e: one element, named here) of each dimension, then the elements of each set;
4. the values in blocks, each with the number of records still to come (itself
   included) and, in full storage, its range of indices; or, in sparse storage,
   positions (Fortran order, from 1) and values of the cells that are not zero.

The file has no checksum. So everything that is stated twice in it (lengths,
counts, dimensions, ranges, number of elements) is compared, every cell must be
given exactly once, and any disagreement is an error: damaged structure never
becomes numbers. (Only the countdown of item 4 is let pass: writers differ.) A
damaged byte inside a value or a name cannot be told from data, nor can damaged
dimensions of a sparse header without element names, where they are stated once.
(harpy3 0.3.1 trusts the countdown and returns zeros, without a word, for half of
the headers of RunGTAP's level files; hence a reader of our own.)

Layout from the public readers harpy (PyPI ``harpy3``) and HARr (CRAN), checked
on files written by GEMPACK 11 and by RunGTAP.
"""

from cge.benchmark.har.array import HarArray, HarError
from cge.benchmark.har.read import read_har
from cge.benchmark.har.write import har_bytes, write_har

__all__ = ["HarArray", "HarError", "har_bytes", "read_har", "write_har"]
