(** * The main theorems, each in full

    This file can be read alone, after [Network.v], which says what a network at rest, its
    second phase and its BPTT gradients are.  Each proof is one line that names the theorem
    from which it is taken. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Theorem1 JointLimit ErrorBound OrderOfLimits VectorField Network.
From CEP Require Import AugmentedGradient AugmentedPrimitive MiniBatch Preactivation Prototypical.
From CEP Require Import Drift ApproximatelySettled.
Set Implicit Arguments.
Open Scope R_scope.

(** ** 1. Theorem 1 of the paper *)

(** BPTT's gradients exist, for every [t]. *)
Theorem bptt_gradients_exist (N : network) (t : nat) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_s g_th, is_nabla_s N t g_s /\ is_nabla_theta N t g_th.
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
do 2 eexists; split; [exact G1 | exact G2].
Qed.

(** [eta -> 0] first, then [beta -> 0]:
    the normalised updates tend to minus BPTT's gradients, for every [t]. *)
Theorem theorem1 (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] [C1 [C2 C3]] HS.
exact (@cep_theorem1 _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl Hc HS C1 C2 C3 t g_s g_th).
Qed.

(** The gradient in the copy of [theta] used in the transition from [T - t - 1] to [T - t]
    is the one of the loss of the whole unrolled computation, [T] steps from rest with one
    copy of [theta] a step, all others held fixed. *)
Theorem unrolled_loss_of_one_copy (N : network) (T t : nat) (g : Param N) :
  settled N -> (t < T)%nat ->
  (is_gradient (Param N) (dot_param N)
     (fun v => ell N (unrolled (F N) (s_star N) (fun k => if Nat.eqb k (T - (t + 1)) then v else theta N) T))
     (theta N) g
   <-> is_nabla_theta N t g).
Proof. intros HS Ht. exact (@bptt_time_index _ _ _ _ _ HS (ell N) (dot_param N) T t g Ht). Qed.

(** With one [theta] shared by [K] steps, the gradient is the sum of those of its copies. *)
Theorem total_gradient (N : network) (K : nat) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_th : nat -> Param N,
    (forall t, is_nabla_theta N t (g_th t)) /\
    is_gradient (Param N) (dot_param N) (fun th => ell N (unrolled_shared (F N) (s_star N) K th))
      (theta N) (partial_sum g_th K).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
exact (@total_bptt_gradient _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS K).
Qed.

(** The Jacobian is symmetric, and the mixed second derivatives are adjoint: proved from
    [Phi], not assumed. *)
Theorem jacobian_symmetric (N : network) DF DPhi_theta :
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  (forall x y, dot_state N (dF_ds DF x) y = dot_state N x (dF_ds DF y)) /\
  (forall v x, dot_state N (dF_dtheta DF v) x = dot_param N v (dPhi_theta_ds DPhi_theta x)).
Proof.
intros HP [HF HPhi].
exact (conj (@Potential.jacobian_symmetric _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)
  (@mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)).
Qed.

(** Theorem 1 in [R^(n+1)] for the states and [R^(m+1)] for the parameters, with [Phi] twice
    differentiable everywhere and no mention of normed spaces or filters of neighbourhoods. *)
Theorem theorem1_Rn (n m : nat) (Phi : Rn n * Rn m -> R)
  (F : Rn n * Rn m -> Rn n) (Phi_theta : Rn n * Rn m -> Rn m)
  (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m) :
  let Z := prod_NormedModule R_AbsRing (Rn n) (Rn m) in
  (forall z : Z, is_gradient Z (@product_inner (Rn n) (Rn m) (dot n) (dot m)) Phi z (F z, Phi_theta z)) ->
  (forall z : Z, ex_filterdiff (U := Z) F (locally z)) ->
  (forall z : Z, ex_filterdiff (U := Z) Phi_theta (locally z)) ->
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  forall (t : nat) (g_s : Rn n) (g_th : Rn m),
  is_gradient (Rn n) (dot n) (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient (Rn m) (dot m) (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_th).
Proof. exact (@cep_theorem1_Rn n m Phi F Phi_theta ell grad_ell s_star theta). Qed.

(** ** 2. C-EP is EP in an augmented primitive function

    [affine_in_theta]: [Phi(s, theta) = Phi(s, 0) + <phi(s), theta>], as in every layered network.
    [augmented N K] is the network with the primitive function
    [Phi + 1/2 <K (phi(s) - phi(s_star)), phi(s) - phi(s_star)>] and its transition function.
    The learning rates are an operator [rates]: one rate, or one for each layer. *)

(** The conservation law: [theta_t - kappa phi(s_t)] is constant along the second phase, for
    every [beta], [eta] and [t]. *)
Theorem conservation_law (N : network) (rates : Param N -> Param N) (beta eta : R) (t : nat) :
  affine_in_theta N -> primitive_function_everywhere N -> is_linear rates ->
  let K v := scal (eta / beta : R_AbsRing) (rates v) in
  let s_t := fst (cep_with_rates N rates beta eta t) in
  let theta_t := snd (cep_with_rates N rates beta eta t) in
  minus theta_t (K (phi N s_t)) = minus (theta N) (K (phi N (s_star N))).
Proof. intros HA HP HR. exact (@AugmentedPrimitive.conservation_law N HA HP rates beta eta HR t). Qed.

(** No limit is taken: for every [beta], [eta] and [t] the neurons of C-EP are those of EP in
    the augmented primitive function, and its parameters after [t] steps are EP's one update. *)
Theorem cep_is_ep_in_augmented (N : network) (rates : Param N -> Param N) (beta eta : R) :
  affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
  bounded_inner_product (Param N) (dot_param N) ->
  is_linear rates -> self_adjoint (Param N) (dot_param N) rates ->
  let K v := scal (eta / beta : R_AbsRing) (rates v) in
  primitive_function_everywhere (augmented N K) /\
  forall t, fst (cep_with_rates N rates beta eta t) = ep (augmented N K) beta t /\
            snd (cep_with_rates N rates beta eta t) = ep_update (augmented N K) rates beta eta t.
Proof. intros HA HP Hphi HB HR Hsym. exact (@AugmentedPrimitive.cep_is_ep_in_augmented N HA HP rates beta eta HR HB Hsym Hphi). Qed.

(** The same for a mini-batch of [B] samples that share [theta], sample by sample. *)
Theorem mini_batch_cep_is_ep (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
  (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat) :
  fst (@batch_cep State Param B F phi grad_ell s_star theta beta eta t) b =
  @batch_ep State Param B F phi grad_ell s_star theta (eta / beta) beta t b.
Proof. exact (@batch_cep_is_ep State Param B F phi grad_ell s_star theta beta eta t b). Qed.

(** EP's theorem, at fixed parameters. *)
Theorem ep_theorem (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (ep_Delta_state N t) (locally' (0:R)) (locally (opp g_s)) /\
  filterlim (ep_Delta_param N t) (locally' (0:R)) (locally (opp g_th)).
Proof. exact (@AugmentedPrimitive.ep_theorem N t g_s g_th). Qed.

(** Theorem 1 again, as a corollary of EP's theorem and of the augmented primitive function. *)
Theorem theorem1_by_ep (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
  bounded_inner_product (Param N) (dot_param N) ->
  twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof. intros HA HP Hphi HB. exact (@AugmentedPrimitive.theorem1_by_ep N HA HP Hphi HB t g_s g_th). Qed.

(** ** 3. The joint limit at a fixed ratio *)

(** When [beta -> 0] and [eta / beta -> kappa] together, along any filter, C-EP follows BPTT
    of a modified network: its Jacobian is [J + kappa dF_dtheta dPhi_theta_ds] in place of [J]. *)
Theorem joint_limit (N : network) DF DPhi_theta
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat) :
  derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
  filterlim beta along (locally (0:R)) ->
  along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y))) in
  let v := iterate modified t (grad_ell N (s_star N)) in
  filterlim (fun x => Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => Delta_param N t (beta x) (eta x)) along (locally (opp (dPhi_theta_ds DPhi_theta v))).
Proof.
intros [HdF HdPhi] Hc HS Hb Hb0 He0 Hk.
exact (@cep_joint_limit _ _ _ _ _ _ _ _ _ HdF HdPhi Hc HS T along HF beta eta kappa Hb Hb0 He0 Hk t).
Qed.

(** ** 3 (continued). The order of limits is essential *)

Section OrderOfLimits.
Variables (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N).
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Hypothesis primitive : has_primitive_function N.
Hypothesis second_derivatives : derivatives N DF DPhi_theta.
Hypothesis loss : loss_differentiable N.
Hypothesis at_rest : settled N.
Hypothesis bptt_state : forall t, is_nabla_s N t (nabla_s t).
Hypothesis bptt_param : forall t, is_nabla_theta N t (nabla_theta t).
Let strict := strictly_differentiable_in_s (State N) (Param N) (Phi_theta N) (dPhi_theta_ds DPhi_theta) (s_star N) (theta N).

(** When [beta] and [eta] vanish together, along any filter and with any ratio, bounded or not,
    the updates of the steps [0 .. t] tend to minus BPTT's gradients if and only if
    [eta / beta -> 0], as soon as one of [nabla_theta(0 .. t-1)] is not zero. *)
Theorem order_of_limits_param (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (t : nat) :
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) ->
  (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j))))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).
Proof.
intros Hb Hb0 He He0. destruct second_derivatives as [HF' HPhi]. destruct loss as [Hl Hc].
exact (@OrderOfLimits.order_of_limits_param _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He t).
Qed.

(** The same for the states, when [Phi_theta] is strictly differentiable in [s] (as it is when
    it is continuously differentiable). *)
Theorem order_of_limits_state (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (t : nat) :
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) -> strict ->
  (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> filterlim (fun x => Delta_state N j (beta x) (eta x)) along (locally (opp (nabla_s j))))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).
Proof.
intros Hb Hb0 He He0. destruct second_derivatives as [HF' HPhi]. destruct loss as [Hl Hc].
exact (@OrderOfLimits.order_of_limits_state _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He t).
Qed.

(** At [t = 1] the state alone decides, with no more than differentiability at rest. *)
Theorem order_of_limits_first_step (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) :
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) -> nabla_theta 0 <> zero ->
  (filterlim (fun x => Delta_state N 1 (beta x) (eta x)) along (locally (opp (nabla_s 1%nat)))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).
Proof.
intros Hb Hb0 He He0. destruct second_derivatives as [HF' HPhi]. destruct loss as [Hl Hc].
exact (@first_step_state _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He).
Qed.

(** The condition is the weakest: without it, right updates do not force [eta / beta -> 0].
    ([forces_order_of_limits range good]: whenever [beta] and [eta] vanish together with a ratio
    in [range] and [good] holds, the ratio vanishes.) *)
Theorem order_of_limits_condition_is_weakest (t : nat) :
  forces_order_of_limits (fun _ => True)
    (fun T along beta eta => forall j, (j <= t)%nat ->
       filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j))))
  <-> exists i, (i < t)%nat /\ nabla_theta i <> zero.
Proof.
destruct second_derivatives as [HF' HPhi]. destruct loss as [Hl Hc].
exact (@order_of_limits_matters _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param t).
Qed.

(** For one step taken alone and ratios in an interval: every ratio of it but zero must show. *)
Theorem order_of_limits_single_step (t : nat) (lo hi : R) :
  let modified kappa := modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa in
  forces_order_of_limits (fun k => lo <= k <= hi)
    (fun T along beta eta => filterlim (fun x => Delta_param N t (beta x) (eta x)) along (locally (opp (nabla_theta t))))
  <-> forall k, lo <= k <= hi -> k <> 0 ->
      dPhi_theta_ds DPhi_theta (iterate (modified k) t (grad_ell N (s_star N))) <> nabla_theta t.
Proof.
destruct second_derivatives as [HF' HPhi]. destruct loss as [Hl Hc].
exact (@single_step_param _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param t lo hi).
Qed.
End OrderOfLimits.

(** ** 4. The error at given [beta] and [eta] *)

(** The distance to minus the gradient is at most a constant times [|beta| + |eta / beta|].
    The constants and the radius in which the bound holds are computed in [ErrorBound.v], by
    recursion on [t], from eight numbers [d] that bound the problem's data. *)
Theorem error_bound (N : network) DF DPhi_theta (d : problem_data) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  nonnegative d ->
  bounds_problem (State N) (Param N) (F N) (Phi_theta N) (grad_ell N) (s_star N) (theta N) DF DPhi_theta d ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (Delta_state N t beta eta) g_s) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (Delta_param N t beta eta) g_th) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).
Proof.
intros HP [HF HPhi] [Hl Hc] HS Hd Hb Hs Hth.
exact (@cep_error_bound _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS d Hd Hb t g_s g_th Hs Hth).
Qed.

(** ** 5. Discrete-time networks with an activation

    [s <- sigma(a - beta grad ell)], the nudge inside, or [s <- sigma(a) - beta grad ell], the
    nudge outside, with [a = dPhi/ds]; [D] is the derivative of [sigma] at rest.  The gradients
    are those of the unrolled loss, in the pre-activations and in [theta]. *)

Section Prototypical.
Variables (N : network) (sigma D : State N -> State N).
Hypothesis primitive : has_primitive_function N.
Hypothesis second_derivatives : twice_differentiable N.
Hypothesis loss : loss_differentiable N.
Hypothesis at_rest : activation_settled N sigma.
Hypothesis activation : activation_differentiable N sigma D.

(** With the nudge inside Theorem 1 is exact. *)
Theorem inside_nudge_exact (t : nat) (g_p : State N) (g_th : Param N) :
  continuous_nearby N -> activation_continuous_nearby N sigma ->
  is_preactivation_gradient N sigma (ell N) t g_p -> is_parameter_gradient N sigma (ell N) t g_th ->
  iterated_limit (inside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (inside_Delta_param N sigma t) (opp g_th).
Proof. exact (@Prototypical.inside_nudge_exact N sigma D primitive second_derivatives loss at_rest activation t g_p g_th). Qed.

(** With the nudge outside it is exact for another loss, with [D grad ell~ = grad ell]. *)
Theorem outside_nudge_exact_for_modified_loss (modified : State N -> R) (g' : State N) (t : nat) (g_p : State N) (g_th : Param N) :
  continuous_nearby N ->
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N sigma : joint N -> State N) z) ->
  is_gradient (State N) (dot_state N) modified (s_star N) g' -> D g' = grad_ell N (s_star N) ->
  is_preactivation_gradient N sigma modified t g_p -> is_parameter_gradient N sigma modified t g_th ->
  iterated_limit (outside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (outside_Delta_param N sigma t) (opp g_th).
Proof.
exact (@Prototypical.outside_nudge_exact_for_modified_loss N sigma D primitive second_derivatives loss at_rest activation
  modified g' t g_p g_th).
Qed.

(** ... and for the loss itself only where the activation's derivative does not show. *)
Theorem outside_nudge_exact_iff (g_p : State N) :
  is_preactivation_gradient N sigma (ell N) 0 g_p ->
  (forall beta eta, beta <> 0 -> outside_Delta_state N sigma 0 beta eta = opp (grad_ell N (s_star N))) /\
  (filterlim (fun beta => outside_Delta_state N sigma 0 beta 0) (locally' (0:R)) (locally (opp g_p)) <->
   D (grad_ell N (s_star N)) = grad_ell N (s_star N)).
Proof. exact (@Prototypical.outside_nudge_exact_iff N sigma D primitive second_derivatives loss at_rest activation g_p). Qed.
End Prototypical.

(** A sigmoid unit in numbers: inside, the update of the bias tends to [- 9/16], minus the
    gradient; outside it is [- 3/4], whatever [beta] and [eta]. *)
Theorem outside_nudge_fails :
  is_parameter_gradient one_unit sigmoid (ell one_unit) 0 (9 / 16) /\
  iterated_limit (inside_Delta_param one_unit sigmoid 0) (- (9 / 16)) /\
  (forall beta eta, beta <> 0 -> eta <> 0 -> outside_Delta_param one_unit sigmoid 0 beta eta = - (3 / 4)).
Proof. exact one_unit_inside_and_outside. Qed.

(** The other loss is a cross-entropy, for the paper's sigmoid and for tanh. *)
Theorem modified_loss_is_cross_entropy (v y : R) :
  is_derive (sigmoid_loss y) (sigmoid v) ((sigmoid v - y) / (4 * sigmoid v * (1 - sigmoid v))) /\
  is_derive (tanh_loss y) (tanh v) ((tanh v - y) / (1 - tanh v * tanh v)).
Proof. exact (conj (sigmoid_modified_loss v y) (tanh_modified_loss v y)). Qed.

(** ** 6. C-VF: any vector field, forward and backward weights distinct *)

(** [J] is the Jacobian at rest and [Jt] its transpose; [H z] is the transpose of [dF/dtheta] at
    [z], continuous at rest; the update is [(eta / beta) H (s_(t+1) - s_t)]. *)
Section VectorField.
Variables State Param : NM.
Variables (dot_state : State -> State -> R) (dot_param : Param -> Param -> R).
Hypothesis dot_state_inner : is_inner_product State dot_state.
Hypothesis dot_param_inner : is_inner_product Param dot_param.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
Variables (J Jt : State -> State) (B : Param -> State) (H : State * Param -> State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis H_linear : is_linear (H (s_star, theta)).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis J_transpose : forall x y, dot_state (J x) y = dot_state x (Jt y).
Hypothesis B_transpose : forall v y, dot_state (B v) y = dot_param v (H (s_star, theta) y).
Hypothesis H_cont : forall eps : posreal,
  locally ((s_star, theta) : Z) (fun z => forall w, norm (minus (H z w) (H (s_star, theta) w)) <= eps * norm w).
Hypothesis ell_grad : is_gradient State dot_state ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis at_rest : F (s_star, theta) = s_star.
Variables (t : nat) (g_s : State) (g_th : Param).
Hypothesis bptt_state : is_gradient State dot_state (fun s => ell (free_phase F theta t s)) s_star g_s.
Hypothesis bptt_param : is_gradient Param dot_param (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th.

(** The updates miss minus the gradients by a bias, [(J^t - (J^T)^t) grad ell]. *)
Theorem vector_field_bias :
  locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z) ->
  locally s_star (fun s => continuous grad_ell s) ->
  locally (((s_star, theta), s_star) : prod_NormedModule R_AbsRing Z State)
    (fun p => continuous (vf_rule H : prod_NormedModule R_AbsRing Z State -> Param) p) ->
  let bias := minus (iterate J t (grad_ell s_star)) (iterate Jt t (grad_ell s_star)) in
  iterated_limit (fun beta eta => Delta_s F grad_ell (vf_rule H) s_star theta beta eta t) (opp (plus g_s bias)) /\
  iterated_limit (fun beta eta => Delta_theta F grad_ell (vf_rule H) s_star theta beta eta t)
    (opp (plus g_th (H (s_star, theta) bias))).
Proof.
exact (@vf_iterated_limit _ _ _ _ dot_state_inner dot_param_inner F ell grad_ell s_star theta J Jt B H J_linear B_linear H_linear
  F_diff J_transpose B_transpose H_cont ell_grad grad_ell_cont at_rest t g_s g_th bptt_state bptt_param).
Qed.

(** No bias when the Jacobian is symmetric; here in the joint limit, with [eta / beta -> 0]. *)
Theorem vector_field_symmetric (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) :
  (forall x y, dot_state (J x) y = dot_state x (J y)) ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim (fun x => Delta_s F grad_ell (vf_rule H) s_star theta (beta x) (eta x) t) along (locally (opp g_s)) /\
  filterlim (fun x => Delta_theta F grad_ell (vf_rule H) s_star theta (beta x) (eta x) t) along (locally (opp g_th)).
Proof.
exact (@vf_joint_limit_symmetric _ _ _ _ dot_state_inner dot_param_inner F ell grad_ell s_star theta J Jt B H J_linear B_linear H_linear
  F_diff J_transpose B_transpose H_cont ell_grad grad_ell_cont at_rest t g_s g_th bptt_state bptt_param T along HF beta eta).
Qed.
End VectorField.

(** The size of the bias: [t |J - J^T| max(|J|, 1)^(t-1) |grad ell|]. *)
Theorem vector_field_bias_bound (V : NM) (J Jt : V -> V) (norm_of_J asymmetry : R) (t : nat) (g : V) :
  is_linear J -> 0 <= norm_of_J -> 0 <= asymmetry ->
  (forall x, norm (J x) <= norm_of_J * norm x) -> (forall x, norm (Jt x) <= norm_of_J * norm x) ->
  (forall x, norm (minus (J x) (Jt x)) <= asymmetry * norm x) ->
  norm (minus (iterate J t g) (iterate Jt t g)) <= INR t * asymmetry * Rmax norm_of_J 1 ^ (t - 1) * norm g.
Proof. intros L P1 P2 B1 B2 B3. exact (@vf_bias_bound V J Jt norm_of_J asymmetry L B1 B2 B3 P1 P2 t g). Qed.

(** The bias vanishes for every loss and every step if and only if the Jacobian is symmetric. *)
Theorem vector_field_unbiased_iff_symmetric (V : NM) (J Jt : V -> V) :
  (forall (t : nat) (g : V), minus (iterate J t g) (iterate Jt t g) = zero) <-> (forall x, J x = Jt x).
Proof. exact (@vf_unbiased_iff_symmetric V J Jt). Qed.

(** ** 7. A free phase that has only approximately settled

    The second phase starts from [s], with the residual [F(s, theta) - s]; the gradients are
    those at the steady state. *)

(** A residual of [beta r] to first order adds [J^t r] to the updates. *)
Theorem residual_bias (N : network) DF DPhi_theta (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along)
  (beta eta : T -> R) (s : T -> State N) (r : State N) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> strict_derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim s along (locally (s_star N)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally r) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (s x) t (beta x) (eta x)) along
    (locally (minus (iterate (dF_ds DF) t r) g_s)) /\
  filterlim (fun x => Delta_param_from N (s x) t (beta x) (eta x)) along
    (locally (minus (dPhi_theta_ds DPhi_theta (iterate (dF_ds DF) t r)) g_th)).
Proof. exact (@ApproximatelySettled.residual_bias N DF DPhi_theta T along HF beta eta s r t g_s g_th). Qed.

(** So it must be [o(beta)], and this is already forced by the first update. *)
Theorem residual_must_be_o_beta (N : network) (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along)
  (beta eta : T -> R) (s : T -> State N) (g_s : State N) :
  loss_differentiable N ->
  along (fun x => beta x <> 0) -> filterlim s along (locally (s_star N)) -> is_nabla_s N 0 g_s ->
  (filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) along (locally (opp g_s)) <->
   filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally (zero : State N))).
Proof. exact (@ApproximatelySettled.residual_must_be_o_beta N T along HF beta eta s g_s). Qed.

(** The amplification by [1 / beta], for one [beta], with no limit taken. *)
Theorem residual_amplified (N : network) (s : State N) (beta eta : R) : beta <> 0 ->
  Delta_state_from N s 0 beta eta = minus (scal (/ beta : R_AbsRing) (residual N s)) (grad_ell N s) /\
  norm (residual N s) / Rabs beta - norm (grad_ell N s) <= norm (Delta_state_from N s 0 beta eta).
Proof. intros Hb. exact (conj (@first_update N s beta eta Hb) (@ApproximatelySettled.residual_amplified N s beta eta Hb)). Qed.

(** When the free phase contracts, [c < 1], its residual falls as [c^T] ... *)
Theorem residual_decays (N : network) (c : R) (s : State N) (T : nat) : 0 <= c < 1 ->
  (forall s s', norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s)) ->
  norm (residual N (free_phase (F N) (theta N) T s)) <= c ^ T * norm (residual N s).
Proof. intros Hc H. exact (@ApproximatelySettled.residual_decays N c Hc H s T). Qed.
