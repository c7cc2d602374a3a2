//! The Huffman codes of a JPEG, and the bit reader for them.

/// Codes up to this many bits are resolved with one lookup.
const SHORT_BITS: u32 = 9;
/// Bits of the longest code.
const LONG_BITS: usize = 16;

/// A table of Huffman codes (T.81, C.2 and F.2.2.3).
#[derive(Clone)]
pub(super) struct Table {
    /// Length and symbol of the code that starts with these bits; the length is 0 if the code is longer or invalid.
    short: Vec<(u8, u8)>,
    /// For each length, the first 16-bit number that does not start with a code of this length or shorter.
    ends: [u32; LONG_BITS + 1],
    /// For each length, the index of its first symbol minus its first code.
    offsets: [i32; LONG_BITS + 1],
    symbols: Vec<u8>,
}

impl Table {
    /// Reads a table as stored after its destination byte. Returns it and the rest of the data.
    pub(super) fn read(data: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = data.split_first_chunk::<LONG_BITS>()?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(total)?;
        if total > 256 {
            return None;
        }
        let mut table = Self {
            short: vec![(0, 0); 1 << SHORT_BITS],
            ends: [0; LONG_BITS + 1],
            offsets: [0; LONG_BITS + 1],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut at) = (0_u32, 0_usize);
        for (length, count) in (1..=LONG_BITS).zip(counts) {
            let count = u32::from(*count);
            table.offsets[length] = i32::try_from(at).ok()? - i32::try_from(code).ok()?;
            if code + count > 1 << length {
                return None;
            }
            for code in code..code + count {
                table.enter(code, length as u32, symbols[at]);
                at += 1;
            }
            code += count;
            table.ends[length] = code << (LONG_BITS - length);
            code <<= 1;
        }
        Some((table, rest))
    }

    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        if let Some(free) = SHORT_BITS.checked_sub(length) {
            let start = (code << free) as usize;
            self.short[start..start + (1 << free)].fill((length as u8, symbol));
        }
    }
}

/// The bits of a stretch of data without markers. Reading beyond the end is an error.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, starting at the highest.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) const fn of(data: &'a [u8]) -> Self {
        Self { data, at: 0, held: 0, count: 0 }
    }

    /// Loads at least 56 bits if that many are left.
    #[inline]
    fn fill(&mut self) {
        if let Some(word) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*word);
            // Test whether any byte is FF, because then its complement is 0.
            let other = !word;
            if other.wrapping_sub(0x0101_0101_0101_0101) & !other & 0x8080_8080_8080_8080 == 0 {
                self.held |= word >> self.count;
                let taken = (63 - self.count) / 8;
                self.at += taken as usize;
                self.count += taken * 8;
                return;
            }
        }
        while self.count <= 56 {
            let Some(&byte) = self.data.get(self.at) else { return };
            // A 0 byte is stuffed after each FF.
            self.at += 1 + usize::from(byte == 0xFF);
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline]
    fn drop(&mut self, bits: u32) -> Option<()> {
        self.count = self.count.checked_sub(bits)?;
        self.held <<= bits;
        Some(())
    }

    /// Reads up to 16 bits.
    #[inline]
    pub(super) fn number(&mut self, bits: u32) -> Option<u32> {
        if bits == 0 {
            return Some(0);
        }
        if self.count < bits {
            self.fill();
        }
        let number = (self.held >> (64 - bits)) as u32;
        self.drop(bits)?;
        Some(number)
    }

    /// Reads the symbol of the next code and skips the value bits after it. The low four bits of the symbol state their
    /// number.
    #[inline]
    pub(super) fn symbol_and_value(&mut self, table: &Table) -> Option<u8> {
        let symbol = self.symbol(table)?;
        self.drop(u32::from(symbol & 15))?;
        Some(symbol)
    }

    /// Reads the symbol of the next code. Afterwards at least 16 more bits are loaded if that many are left.
    #[inline]
    pub(super) fn symbol(&mut self, table: &Table) -> Option<u8> {
        if self.count < 32 {
            self.fill();
        }
        let (length, symbol) = table.short[(self.held >> (64 - SHORT_BITS)) as usize];
        if length > 0 {
            self.drop(u32::from(length))?;
            return Some(symbol);
        }
        let next = (self.held >> (64 - LONG_BITS)) as u32;
        let length = (SHORT_BITS as usize + 1..=LONG_BITS).find(|length| next < table.ends[*length])?;
        let code = (next >> (LONG_BITS - length)).cast_signed();
        let symbol = *table.symbols.get(usize::try_from(code + table.offsets[length]).ok()?)?;
        self.drop(length as u32)?;
        Some(symbol)
    }
}
