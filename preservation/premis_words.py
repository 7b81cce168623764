"""The words of PREMIS: event types and kinds of agents.

Letter for letter the labels of the Library of Congress
(id.loc.gov/vocabulary/preservation/eventType, list of 2018-09-24); words for
software environments (compiling, rendering ...) are left out.
"""

from enum import StrEnum


class EventType(StrEnum):
    """What happened to an object. The value is the LoC label."""

    ACCESSION = "accession"
    APPRAISAL = "appraisal"
    CAPTURE = "capture"
    COMPRESSION = "compression"
    CREATION = "creation"
    DEACCESSION = "deaccession"
    DECOMPRESSION = "decompression"
    DECRYPTION = "decryption"
    DELETION = "deletion"
    DIGITAL_SIGNATURE_GENERATION = "digital signature generation"
    DIGITAL_SIGNATURE_VALIDATION = "digital signature validation"
    DISSEMINATION = "dissemination"
    ENCRYPTION = "encryption"
    EXPORTING = "exporting"
    EXTRACTION = "extraction"
    FILENAME_CHANGE = "filename change"
    FIXITY_CHECK = "fixity check"
    FORMAT_IDENTIFICATION = "format identification"
    IMAGING = "imaging"
    INFORMATION_PACKAGE_CREATION = "information package creation"
    INFORMATION_PACKAGE_MERGING = "information package merging"
    INFORMATION_PACKAGE_SPLITTING = "information package splitting"
    INGESTION = "ingestion"
    INGESTION_END = "ingestion end"
    INGESTION_START = "ingestion start"
    MESSAGE_DIGEST_CALCULATION = "message digest calculation"
    METADATA_EXTRACTION = "metadata extraction"
    METADATA_MODIFICATION = "metadata modification"
    MIGRATION = "migration"
    MODIFICATION = "modification"
    NORMALIZATION = "normalization"
    PACKING = "packing"
    POLICY_ASSIGNMENT = "policy assignment"
    QUARANTINE = "quarantine"
    RECOVERY = "recovery"
    REDACTION = "redaction"
    REFRESHMENT = "refreshment"
    REPLICATION = "replication"
    TRANSFER = "transfer"
    UNPACKING = "unpacking"
    UNQUARANTINE = "unquarantine"
    VALIDATION = "validation"
    VIRUS_CHECK = "virus check"


class AgentKind(StrEnum):
    """Who did it (PREMIS 3.3, agentType; LoC agentType)."""

    PERSON = "person"
    ORGANIZATION = "organization"
    SOFTWARE = "software"
    HARDWARE = "hardware"
