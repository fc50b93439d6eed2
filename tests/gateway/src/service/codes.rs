//! The service's own codes: their texts and, where nothing else is switched, their HTTP status.

/// Text of a code (api.md 4 to 8).
pub(crate) fn message(code: u32) -> &'static str {
    match code {
        400 => "Invalid request",
        401 => "Unauthorized",
        403 => "Client doesn't have access to the requested resource",
        404 => "Passed promotion is not found",
        405 => "Operation not supported",
        413 => "Request entity too large",
        415 => "Unsupported media type",
        429 => "Too many requests",
        498 => "Token expired",
        500 => "Internal server error",
        521 => "Multiple actions are running for the same customer, please try later",
        704 => "Invalid reward type passed",
        705 => "Exceeded maximum active promotions for an org",
        706 => "Promotion has expired",
        707 => "Unsupported promotion type passed",
        708 => "Exceeded max earn per customer limit",
        709 => "Promotion not in running state",
        710 => "Error while saving earned promotion",
        713 => "Earned from type cannot be changed",
        714 => "Earn is not supported for this promotion type",
        725 => "Promotion id passed is not valid",
        729 => "Earned promotion is already redeemed",
        730 => "Revoke is not supported for this promotion type",
        731 => "Invalid earn id",
        1006 => "Invalid customer identifier",
        1007 => "Error while fetching customer identifier",
        1060 => "Batch limit size exceeded",
        1061 => "X-CAP-API-ATTRIBUTION-LOOKUP-TYPE is missing",
        4000 => "Not authorized. Access is denied!",
        4001 => "Authorization status unavailable!",
        320_001 => "Invalid client key and secret",
        _ => "Unexpected error",
    }
}

/// HTTP status of a code that has no switch: the code itself where it is a status, 400 for the
/// promotion engine's refusals, 500 for its own failures.
pub(crate) fn status(code: u32) -> u16 {
    match code {
        // Below 600 a code of the service is a status; 705 and above are not.
        400..=599 => u16::try_from(code).unwrap_or(500),
        701..=703 | 710..=712 | 717 | 719..=723 | 1007 => 500,
        4000 => 403,
        4001 => 503,
        320_001 => 401,
        999_999 => 500,
        _ => 400,
    }
}
