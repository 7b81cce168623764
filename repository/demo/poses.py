"""How bodies run, dig and pull: joints measured in heads."""

from dataclasses import dataclass

Limb = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Pose:
    """How a body stands: how far the hips are beside the head, and the joints of the limbs, in heads."""

    lean: float
    leg_a: Limb
    leg_b: Limb
    arm_a: Limb
    arm_b: Limb


RUN = Pose(
    -0.3,
    leg_a=((0.5, 3.6), (0.1, 4.5)),
    leg_b=((-0.9, 3.5), (-1.7, 3.7)),
    arm_a=((-0.8, 1.8), (-0.1, 2.1)),
    arm_b=((0.9, 1.7), (1.1, 1.0)),
)
FINISH = Pose(
    -0.2,
    leg_a=((0.6, 3.5), (0.4, 4.5)),
    leg_b=((-0.7, 3.6), (-1.4, 4.1)),
    arm_a=((-0.9, 0.4), (-1.0, -0.6)),
    arm_b=((0.9, 0.4), (1.0, -0.6)),
)
DIG = Pose(
    -0.35,
    leg_a=((0.2, 3.8), (0.3, 4.8)),
    leg_b=((-0.9, 3.8), (-1.1, 4.8)),
    arm_a=((0.0, 1.9), (0.7, 2.3)),
    arm_b=((0.9, 1.7), (1.1, 2.7)),
)
CARRY = Pose(
    0.0,
    leg_a=((0.2, 3.8), (0.4, 4.8)),
    leg_b=((-0.3, 3.8), (-0.5, 4.8)),
    arm_a=((-0.75, 1.8), (-0.8, 2.7)),
    arm_b=((0.75, 1.8), (0.8, 2.7)),
)
HOLD = Pose(
    0.0,
    leg_a=((0.2, 3.8), (0.25, 4.8)),
    leg_b=((-0.3, 3.8), (-0.35, 4.8)),
    arm_a=((-0.6, 1.7), (0.4, 1.9)),
    arm_b=((0.8, 1.6), (0.9, 1.3)),
)
PULL = Pose(
    -0.7,
    leg_a=((0.2, 3.6), (0.9, 4.6)),
    leg_b=((-0.9, 3.7), (-0.3, 4.7)),
    arm_a=((0.1, 1.7), (1.0, 1.9)),
    arm_b=((0.9, 1.5), (1.5, 1.9)),
)


def mirrored(pose: Pose) -> Pose:
    """Return the pose seen in a mirror: left and right change places."""
    limbs = [tuple((-x, y) for x, y in limb) for limb in (pose.leg_a, pose.leg_b, pose.arm_a, pose.arm_b)]
    return Pose(-pose.lean, *limbs)
