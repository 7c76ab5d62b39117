// Which network addresses are public. A pure function of an address; resolves nothing.

/// Whether an address may be fetched from: globally reachable, by IANA's registries of special-purpose addresses.
enum PublicAddress {
    /// - Parameter bytes: 4 or 16, in network order.
    static func contains(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: isPublic(v4: bytes)
        case 16: isPublic(v6: bytes)
        default: false
        }
    }

    private static func isPublic(v4 a: [UInt8]) -> Bool {
        switch (a[0], a[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (198, 18...19): false
        case (100, 64...127), (172, 16...31): false
        case (192, 0): !(a[2] == 0 || a[2] == 2)
        case (192, 88): a[2] != 99
        case (198, 51): a[2] != 100
        case (203, 0): a[2] != 113
        case (224..., _): false
        default: true
        }
    }

    private static func isPublic(v6 a: [UInt8]) -> Bool {
        let isMapped = a[..<10].allSatisfy { $0 == 0 } && a[10] == 0xFF && a[11] == 0xFF
        if isMapped { return isPublic(v4: Array(a[12...])) }
        // Only 2000::/3 is global unicast; of that, not protocol assignments, documentation, 6to4 or ORCHID.
        guard a[0] & 0xE0 == 0x20 else { return false }
        if a[0] == 0x20, a[1] == 0x01 {
            if a[2] & 0xFE == 0 { return false }
            if a[2] == 0x0D, a[3] == 0xB8 { return false }
        }
        if a[0] == 0x20, a[1] == 0x02 { return false }
        if a[0] == 0x3F, a[1] == 0xFF { return false }
        return true
    }
}
