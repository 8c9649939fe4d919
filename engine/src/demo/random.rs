//! Randomness that depends on nothing but the seed: one stream per table, one number per cell.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The seed of a whole demo.
#[derive(Debug, Clone, Copy)]
pub struct Seed(pub u64);

impl Seed {
    /// A stream of its own for each name, so that one more draw for one table moves no other.
    pub fn stream(self, name: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.digest(name))
    }

    /// An id that is the same in every run with the same seed and name.
    pub fn id(self, name: &str) -> Uuid {
        let mut bytes = [0; 16];
        for (byte, digest) in bytes.iter_mut().zip(self.digest(name)) {
            *byte = digest;
        }
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A number for one cell of a large table, without a stream to keep in step.
    pub fn cell(self, parts: &[u64]) -> u64 {
        parts
            .iter()
            .fold(self.0 ^ 0x9e37_79b9_7f4a_7c15, |state, part| {
                scramble(state ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93))
            })
    }

    /// `cell` as a fraction from 0 to below 1.
    pub fn fraction(self, parts: &[u64]) -> f64 {
        // 53 bits are what a double holds.
        (self.cell(parts) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn digest(self, name: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.0.to_le_bytes())
            .chain_update(name.as_bytes())
            .finalize()
            .into()
    }
}

/// The finaliser of splitmix64: every input bit moves every output bit.
fn scramble(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// One of a list, each as likely.
pub fn pick<'a, T>(rng: &mut impl Rng, list: &'a [T]) -> Option<&'a T> {
    (!list.is_empty())
        .then(|| rng.random_range(0..list.len()))
        .and_then(|index| list.get(index))
}

/// One of a list of words, each as likely.
pub fn word(rng: &mut impl Rng, list: &[&'static str]) -> &'static str {
    pick(rng, list).copied().unwrap_or_default()
}

/// One of a list of (value, weight).
pub fn weighted<T: Copy>(rng: &mut impl Rng, list: &[(T, u32)]) -> Option<T> {
    let total: u32 = list.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random_range(0..total.max(1));
    list.iter().find_map(|(value, weight)| {
        if left < *weight {
            return Some(*value);
        }
        left -= weight;
        None
    })
}

/// Sizes of companies: most are small, a few are hundreds of times larger (log-normal).
pub fn skewed(rng: &mut impl Rng, spread: f64) -> f64 {
    // Box and Muller: a normal number from two uniform ones.
    let (a, b) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
    (normal * spread).exp()
}
