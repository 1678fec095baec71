use crate::{Band, Level, Scale};

impl Band {
    /// Whether a total is one of its totals.
    #[must_use]
    pub fn holds(&self, points: u16) -> bool {
        self.from <= points && self.to.is_none_or(|to| points <= to)
    }
}

impl Scale {
    /// The band that a total falls in; `None` for a total that the instrument cannot give.
    #[must_use]
    pub fn level_of(&self, points: u16) -> Option<&Band> {
        if !self.attainable(points) {
            return None;
        }
        self.bands.iter().find(|band| band.holds(points))
    }

    /// Whether it gives every total the same level as another scale.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let bands = |scale: &Self| scale.bands.iter().map(|b| (b.level, b.from, b.to)).collect::<Vec<_>>();
        (self.max_points, self.step) == (other.max_points, other.step) && bands(self) == bands(other)
    }

    /// Whether the instrument can give this total.
    fn attainable(&self, points: u16) -> bool {
        points <= self.max_points && points.is_multiple_of(self.step)
    }

    /// All totals that the instrument can give, in order.
    pub fn totals(&self) -> impl Iterator<Item = u16> + use<> {
        (0..=self.max_points).step_by(usize::from(self.step))
    }

    /// How many points fewer would give the level below; `None` in the lowest level or for no level.
    #[must_use]
    pub fn points_to_lower(&self, points: u16) -> Option<u16> {
        let here = self.level_of(points)?.level;
        let below = self.totals().take_while(|t| *t < points).filter(|t| self.is_other(*t, here)).last()?;
        Some(points - below)
    }

    /// How many points more would give the level above; `None` in the highest level or for no level.
    #[must_use]
    pub fn points_to_higher(&self, points: u16) -> Option<u16> {
        let here = self.level_of(points)?.level;
        let above = self.totals().find(|t| *t > points && self.is_other(*t, here))?;
        Some(above - points)
    }

    /// The totals that no band would hold if the bands were as the source prints them.
    #[must_use]
    pub fn printed_gap(&self) -> Vec<u16> {
        let holds = |band: &Band, points: u16| {
            let (from, to) = band.printed.unwrap_or((band.from, band.to));
            from <= points && to.is_none_or(|to| points <= to)
        };
        self.totals().filter(|t| !self.bands.iter().any(|b| holds(b, *t))).collect()
    }

    fn is_other(&self, points: u16, level: Level) -> bool {
        self.level_of(points).is_some_and(|band| band.level != level)
    }
}
