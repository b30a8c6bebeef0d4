"""What ``import cep_core`` offers, by name; the package itself imports this when it is asked."""

from cep_core.activations import Activation, activation_named
from cep_core.arrays import Array, Parameters, State
from cep_core.check.bptt import nabla
from cep_core.check.circle import estimate
from cep_core.check.delta import delta
from cep_core.check.gducheck import GDUError, gducheck
from cep_core.check.measures import angle_of_totals, relmse
from cep_core.check.processes import Processes
from cep_core.check.result import GDUResult
from cep_core.check.stability import StabilityBound, largest_stable_kappa
from cep_core.check.verdicts import Check, Verdict
from cep_core.learning import LearnedBatch, Procedure, learn_batch
from cep_core.losses import Loss, SquaredError
from cep_core.networks import (
    AnsweringNetwork,
    AveragePooling,
    Bias,
    ChannelBias,
    Convolution,
    ConvolutionalShape,
    Delegate,
    Dense,
    Edge,
    EnergyBased,
    LaggedWinners,
    MaxPooling,
    Network,
    Pooling,
    Prototypical,
    SoftmaxPooling,
    UntiedConvolution,
    answering,
    chain,
)
from cep_core.networks.corrected import Corrected
from cep_core.networks.primitive import EnergyNetwork, PrimitiveNetwork, VectorFieldNetwork
from cep_core.phases import FreePhase, NudgedStep, free_phase, nudged_phase
from cep_core.problem import Problem
from cep_core.rules import (
    ASYM_EP,
    C_EP,
    C_VF,
    CORRECTED_C_VF,
    EP,
    SLOPED_C_VF,
    VF,
    Rule,
    learning_rates,
    rule_named,
)
from cep_core.training.choose import make_engine

__all__ = [
    "ASYM_EP",
    "CORRECTED_C_VF",
    "C_EP",
    "C_VF",
    "EP",
    "SLOPED_C_VF",
    "VF",
    "Activation",
    "AnsweringNetwork",
    "Array",
    "AveragePooling",
    "Bias",
    "ChannelBias",
    "Check",
    "Convolution",
    "ConvolutionalShape",
    "Corrected",
    "Delegate",
    "Dense",
    "Edge",
    "EnergyBased",
    "EnergyNetwork",
    "FreePhase",
    "GDUError",
    "GDUResult",
    "LaggedWinners",
    "LearnedBatch",
    "Loss",
    "MaxPooling",
    "Network",
    "NudgedStep",
    "Parameters",
    "Pooling",
    "PrimitiveNetwork",
    "Problem",
    "Procedure",
    "Processes",
    "Prototypical",
    "Rule",
    "SoftmaxPooling",
    "SquaredError",
    "StabilityBound",
    "State",
    "UntiedConvolution",
    "VectorFieldNetwork",
    "Verdict",
    "activation_named",
    "angle_of_totals",
    "answering",
    "chain",
    "delta",
    "estimate",
    "free_phase",
    "gducheck",
    "largest_stable_kappa",
    "learn_batch",
    "learning_rates",
    "make_engine",
    "nabla",
    "nudged_phase",
    "relmse",
    "rule_named",
]
