"""The output folders: their files, how they are replaced as a whole, how they are read back."""

from assess_lib.store.approval import (
    APPROVAL_FILE,
    Approval,
    approval_digest,
    is_approved,
    read_approval,
    write_approval,
)
from assess_lib.store.folder import (
    Building,
    building,
    commit_all,
    is_staging,
    receipt_names,
)
from assess_lib.store.inputs import UNREADABLE, differences, hash_inputs
from assess_lib.store.receipt import digest, dump_json, library_versions, software
from assess_lib.store.sets import (
    OUR_FILES,
    PROBLEM_FILES,
    CountRow,
    Findings,
    ScoredSet,
    StoredBasis,
    assemble,
    load_set,
    read_set_files,
    read_tables,
    replace_problems,
    replace_set,
    settle,
)

__all__ = [
    "APPROVAL_FILE",
    "OUR_FILES",
    "PROBLEM_FILES",
    "UNREADABLE",
    "Approval",
    "Building",
    "CountRow",
    "Findings",
    "ScoredSet",
    "StoredBasis",
    "approval_digest",
    "assemble",
    "building",
    "commit_all",
    "differences",
    "digest",
    "dump_json",
    "hash_inputs",
    "is_approved",
    "is_staging",
    "library_versions",
    "load_set",
    "read_approval",
    "read_set_files",
    "read_tables",
    "receipt_names",
    "replace_problems",
    "replace_set",
    "settle",
    "software",
    "write_approval",
]
