(** * Theorem 1 for layered networks of any depth and sizes

    [layered_theorem1]: energy-based; [layered_inside_nudge]: prototypical with the nudge
    inside the activation; [layered_outside_nudge]: outside it, for the cross-entropy that
    matches the activation.  What they state is in [Pinned.v].  Each is proved from the sizes, the activations, the weights, the
    mini-batch, the rates and a rest point; nothing is supposed of them.  Gradients in the
    parameters are Euclidean ones, of the loss summed over the samples: the updates tend to
    minus [rates] of them, which is [rate n] times the gradient of the mean loss. *)

From Coq Require Import Reals Lra List Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Theorem1.
From CEP Require Import Network AugmentedGradient AugmentedPrimitive Preactivation Prototypical Drift.
From CEP Require Import FurtherVocabulary Layered FiniteVectors Differentiation Activation LayeredGradient LayeredSecondOrder.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** ** Energy-based *)

Section EnergyBased.
Variables (L : layered_model) (dt : R) (s : states L) (th : parameters L).
Let send := activations L.
Let drive (b j : nat) : R := rho (send (pred (depth L))) (input L b j).
Let N : network := energy_based dt s th.

Lemma energy_based_hypotheses :
  has_primitive_function N /\ twice_differentiable N /\ loss_differentiable N /\ continuous_nearby N.
Proof.
exact (conj (@layered_has_primitive L send drive dt s th) (conj (@layered_twice L send drive dt s th)
  (conj (@layered_loss L send drive dt s th) (@layered_near L send drive dt s th)))).
Qed.
Lemma energy_based_affine :
  affine_in_theta N /\ primitive_function_everywhere N /\ phi_differentiable N /\ bounded_inner_product (Param N) (dot_param N).
Proof.
exact (conj (@layered_affine L send drive dt s th) (conj (@layered_primitive_everywhere L send drive dt s th)
  (conj (@layered_phi_differentiable L send drive dt s th) (@layered_bounded L send drive dt s th)))).
Qed.
Lemma energy_based_strict : exists DF DPhi_theta, strict_derivatives N DF DPhi_theta /\
  strictly_differentiable_in_s (State N) (Param N) (Phi_theta N) (dPhi_theta_ds DPhi_theta) (s_star N) (theta N).
Proof. exact (@layered_strict_derivatives L send drive dt s th). Qed.
Lemma energy_based_second : exists DF DPhi_theta QF QPhi hessian, second_order_at_rest N DF DPhi_theta QF QPhi hessian.
Proof. exact (@layered_second_order_at_rest L send drive dt s th). Qed.
Lemma energy_based_layers n : layers N n (@layer_projection L).
Proof. exact (@layered_layers L send drive dt s th n). Qed.
Lemma energy_based_rates (f : parameters L -> R) (p g : parameters L) :
  is_gradient (parameters L) (dot_parameters L) f p g <-> is_gradient (Param N) (dot_param N) f p (rates g).
Proof. exact (@rates_gradient L send drive dt s th f p g). Qed.
End EnergyBased.

Theorem energy_based_meets_every_hypothesis : Pinned.energy_based_meets_every_hypothesis.
Proof.
intros L dt s th. destruct (@energy_based_hypotheses L dt s th) as [A1 [A2 [A3 A4]]].
destruct (@energy_based_affine L dt s th) as [B1 [B2 [B3 B4]]].
exact (conj A1 (conj B2 (conj A2 (conj A3 (conj A4 (conj B1 (conj B3 (conj B4
  (conj (@energy_based_strict L dt s th) (conj (@energy_based_second L dt s th) (@energy_based_layers L dt s th))))))))))).
Qed.

Theorem layered_gradients_exist : Pinned.layered_gradients_exist.
Proof.
intros L dt s th t N HS. destruct (@energy_based_hypotheses L dt s th) as [A1 [[DF [DPhi [HF HPhi]]] [[Hl _] _]]].
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ A1 _ _ HF HPhi Hl HS t) as [G1 G2].
destruct (@euclidean_gradient L _ _ dt s th _ _ _ G2) as [g_th G].
exact (ex_intro _ _ (ex_intro _ g_th (conj G1 G))).
Qed.

Theorem layered_theorem1 : Pinned.layered_theorem1.
Proof.
intros L dt s th t g_s g_th N HS Hs Hth.
destruct (@energy_based_hypotheses L dt s th) as [A1 [[DF [DPhi [HF HPhi]]] [[Hl Hc] [C1 [C2 C3]]]]].
apply (@cep_theorem1 _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ A1 _ _ HF HPhi Hl Hc HS C1 C2 C3 t).
exact Hs. exact (proj1 (@energy_based_rates L dt s th _ _ _) Hth).
Qed.

Theorem layered_cep_is_ep : Pinned.layered_cep_is_ep.
Proof.
intros L dt s th beta eta N K. destruct (@energy_based_affine L dt s th) as [B1 [B2 [B3 B4]]].
exact (@cep_is_ep_in_augmented N B1 B2 (fun v => v) beta eta is_linear_id B4 (fun x y => eq_refl) B3).
Qed.

(** One step of C-EP, entry by entry. *)
Theorem energy_based_step : Pinned.energy_based_step.
Proof.
cbv zeta. intros L dt s th beta eta s0 th0.
set (send := activations L). set (drive := fun b j => rho (send (pred (depth L))) (input L b j)).
set (N := energy_based dt s th). split.
- intros b n i Hk.
  assert (E1 : unit_state (minus (layered_F send drive dt (s0, th0)) (scal (beta : R_AbsRing) (error_gradient L s0))) b n i =
    unit_state (layered_F send drive dt (s0, th0)) b n i - beta * unit_state (error_gradient L s0) b n i).
  { etransitivity. exact (linear_minus _ _ _ (unit_state_linear L b n i)).
    exact (f_equal (Rminus (unit_state (layered_F send drive dt (s0, th0)) b n i)) (linear_scal _ (unit_state_linear L b n i) beta (error_gradient L s0))). }
  etransitivity. exact E1. unfold layered_F, error_gradient. rewrite !state_of_entry by auto. reflexivity.
- intros n i o Hk.
  set (s' := fst (nudged_step (F N) (grad_ell N) (ep_rule (Phi_theta N)) beta eta (s0, th0)) : states L).
  assert (E1 : param (plus th0 (scal (eta / beta : R_AbsRing) (minus (layered_Phi_theta send drive dt (s', th0)) (layered_Phi_theta send drive dt (s0, th0))))) n i o =
    param th0 n i o + eta / beta * (param (layered_Phi_theta send drive dt (s', th0)) n i o - param (layered_Phi_theta send drive dt (s0, th0)) n i o)).
  { etransitivity. exact (linear_plus _ (param_linear L n i o) _ _).
    apply (f_equal (Rplus (param th0 n i o))). etransitivity. exact (linear_scal _ (param_linear L n i o) _ _).
    apply (f_equal (Rmult (eta / beta))). exact (linear_minus _ _ _ (param_linear L n i o)). }
  etransitivity. exact E1. unfold layered_Phi_theta. rewrite !params_of_entry by auto. cbn [fst snd]. f_equal. f_equal.
  set (p := fun b => dt * (rho (send n) (unit_state s' b n i) * match o with None => 1 | Some j => signal send drive s' b (S n) j end)).
  set (q := fun b => dt * (rho (send n) (unit_state s0 b n i) * match o with None => 1 | Some j => signal send drive s0 b (S n) j end)).
  unfold sum_below. rewrite (sum_ext _ (fun b => p b - q b) (fun b => p b + (-1) * q b)) by (intros; ring).
  rewrite sum_plus, sum_scal. ring.
Qed.

(** ** Prototypical *)

Section PrototypicalNetworks.
Variables (L : layered_model) (s : states L) (th : parameters L).
Let N : network := prototypical s th.
Let sigma : states L -> states L := activate L.
Let a : states L := a_star N.
Local Notation none := (fun _ : nat => Identity).

(** [F] is the pre-activation [W_n s^(n+1) + b_n + W_(n-1)^T s^(n-1)], with the input above the
    last layer. *)
Theorem prototypical_preactivation (z : states L * parameters L) b n i : In (b, (n, i)) (state_names L) ->
  unit_state (F N z : states L) b n i =
  from_above none (input L) (fst z) (snd z) b n i + from_below none (input L) (fst z) (snd z) b n i.
Proof.
intros Hk. change (F N z) with (layered_F none (input L) 1 z). unfold layered_F.
rewrite state_of_entry by auto. cbv zeta. cbn [slope]. ring.
Qed.

Lemma activate_strict (p : states L) : exists D, strictly_differentiable (states L) (states L) sigma p D.
Proof.
apply (entries_ex_strict (state_naming L)). intros [b [n i]] Hk.
apply (@strict_ext (states L) p (fun p => rho (activations L n) (unit_state p b n i))).
{ intros x. symmetry. exact (state_of_entry L _ b n i Hk). }
apply (@strict_compose (states L) p (rho (activations L n)) (fun p => unit_state p b n i)).
eexists. apply rho_strict. apply strict_linear, unit_state_linear.
Qed.
Lemma activate_continuous (p : states L) : continuous sigma p.
Proof.
destruct (activate_strict p) as [D HD].
apply (@filterdiff_continuous R_AbsRing (states L) (states L)). exists D. exact (strict_diff HD).
Qed.

(** The derivative of the activation at rest: each unit's slope. *)
Definition slopes (h : states L) : states L :=
  state_of L (fun b n i => slope (activations L n) (unit_state a b n i) * unit_state h b n i).
Lemma activate_differentiable : activation_differentiable N sigma slopes.
Proof.
split.
- assert (D : filterdiff sigma (locally a)
    (fun h => vector_of (state_names L) (fun k => slope (activations L (fst (snd k))) (unit_state a (fst k) (fst (snd k)) (snd (snd k))) *
       unit_state h (fst k) (fst (snd k)) (snd (snd k))))).
  { apply (entries_diff (state_naming L) sigma (fun k h => slope (activations L (fst (snd k))) (unit_state a (fst k) (fst (snd k)) (snd (snd k))) *
       unit_state h (fst k) (fst (snd k)) (snd (snd k)))).
    intros [b [n i]] Hk. cbn [fst snd].
    apply (@filterdiff_ext R_AbsRing (states L) R1 _ _ (fun p => rho (activations L n) (unit_state p b n i))).
    { intros x. symmetry. exact (state_of_entry L _ b n i Hk). }
    eapply filterdiff_ext_lin.
    apply (@differential_compose (states L) a (rho (activations L n)) (slope (activations L n) (unit_state a b n i))
      (fun p => unit_state p b n i) (fun h => unit_state h b n i)).
    apply differential_linear, unit_state_linear. apply rho_derivative. intros h. apply Rmult_comm. }
  exact D.
- intros x y. change (dot_states L (slopes x) y = dot_states L x (slopes y)). rewrite !dot_states_sum.
  apply sum_ext. intros b Hb. apply in_seq in Hb. apply sum_ext. intros [n i] Hu. cbn [fst snd]. unfold slopes.
  assert (Hk : In (b, (n, i)) (state_names L)) by (apply in_state_names; split; [lia | exact Hu]).
  rewrite !state_of_entry by auto. ring.
Qed.
Lemma activate_near : activation_continuous_nearby N sigma.
Proof. unfold activation_continuous_nearby. apply filter_forall. exact activate_continuous. Qed.
Lemma transition_near :
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N sigma : joint N -> State N) z).
Proof.
apply filter_forall. intros z. apply (continuous_comp (F N : joint N -> State N) sigma).
- destruct (@layered_F_strict L none (input L) 1 z) as [l Hl].
  apply (@filterdiff_continuous R_AbsRing (joint N) (State N)). exists l. exact (strict_diff Hl).
- apply activate_continuous.
Qed.

(** The cross-entropy's gradient at rest is taken to that of the squared error by the slopes. *)
Definition cross_entropy_gradient : states L :=
  state_of L (fun b n i => match n with
    | O => (unit_state s b 0 i - target L b i) / slope (activations L 0) (unit_state a b 0 i) | S _ => 0 end).
Lemma cross_entropy_is_modified : activation_settled N sigma ->
  is_gradient (states L) (dot_states L) (cross_entropy L) s cross_entropy_gradient /\
  slopes cross_entropy_gradient = error_gradient L s.
Proof.
intros rest. split.
- apply (output_loss_gradient L (fun b i => matching_loss (activations L 0) (target L b i))
    (fun b i => (unit_state s b 0 i - target L b i) / slope (activations L 0) (unit_state a b 0 i))).
  intros b i Hb Hi.
  assert (Hk : In (b, (0%nat, i)) (state_names L)).
  { apply in_state_names. split. exact Hb. apply in_units. split. 2: exact Hi. exact (proj1 (proj1 (in_units L 0 0) (output_unit L))). }
  assert (E : unit_state s b 0 i = rho (activations L 0) (unit_state a b 0 i)).
  { transitivity (unit_state (transition N sigma (s, th) : states L) b 0 i). { f_equal. symmetry. exact rest. }
    exact (state_of_entry L _ b 0 i Hk). }
  rewrite E. apply matching_loss_derivative.
- apply states_ext. intros b n i Hk. unfold slopes, error_gradient, cross_entropy_gradient. rewrite !state_of_entry by auto.
  destruct n as [|n]. assert (P := slope_positive (activations L 0) (unit_state a b 0 i)). field. lra. ring.
Qed.

Lemma layered_inside_gradients_exist (t : nat) : activation_settled N sigma ->
  exists (g_p : states L) (g_th : parameters L), is_preactivation_gradient N sigma (squared_error L) t g_p /\
    is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (squared_error L) t) th g_th.
Proof.
intros rest.
destruct (@inside_gradients_exist N sigma _ (@layered_has_primitive L none (input L) 1 s th) (@layered_twice L none (input L) 1 s th)
  (@layered_loss L none (input L) 1 s th) rest activate_differentiable t) as [g_p [g' [Hp Hth]]].
destruct (@euclidean_gradient L none (input L) 1 s th _ _ _ Hth) as [g_th G]. exact (ex_intro _ g_p (ex_intro _ g_th (conj Hp G))).
Qed.

Lemma layered_outside_gradients_exist (t : nat) : activation_settled N sigma ->
  exists (g_p : states L) (g_th : parameters L), is_preactivation_gradient N sigma (cross_entropy L) t g_p /\
    is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (cross_entropy L) t) th g_th.
Proof.
intros rest. destruct (@layered_twice L none (input L) 1 s th) as [DF [DPhi [HF HPhi]]].
destruct (cross_entropy_is_modified rest) as [G _].
assert (Hp := @preactivation_gradient N sigma slopes DF DPhi (@layered_has_primitive L none (input L) 1 s th) HF HPhi rest activate_differentiable _ _ G t).
assert (Hth := @parameter_gradient N sigma slopes DF DPhi (@layered_has_primitive L none (input L) 1 s th) HF HPhi rest activate_differentiable _ _ G t).
destruct (@euclidean_gradient L none (input L) 1 s th _ _ _ Hth) as [g_th G']. exact (ex_intro _ _ (ex_intro _ g_th (conj Hp G'))).
Qed.

End PrototypicalNetworks.

Theorem prototypical_gradients_exist : Pinned.prototypical_gradients_exist.
Proof. intros L s th l t rest [-> | ->]. now apply layered_inside_gradients_exist. now apply layered_outside_gradients_exist. Qed.

Theorem prototypical_meets_every_hypothesis : Pinned.prototypical_meets_every_hypothesis.
Proof.
intros L s th. set (none := fun _ : nat => Identity).
exact (conj (@layered_has_primitive L none (input L) 1 s th) (conj (@layered_twice L none (input L) 1 s th)
  (conj (@layered_loss L none (input L) 1 s th) (conj (@layered_near L none (input L) 1 s th)
  (conj (ex_intro _ _ (@activate_differentiable L s th)) (conj (@activate_near L s th) (@transition_near L s th))))))).
Qed.

Theorem layered_inside_nudge : Pinned.layered_inside_nudge.
Proof.
intros L s th t g_p g_th N rest Hp Hth. set (none := fun _ : nat => Identity).
destruct (@prototypical_meets_every_hypothesis L s th) as [A1 [A2 [A3 [A4 _]]]].
apply (@inside_nudge_exact N (activate L) _ A1 A2 A3 rest (@activate_differentiable L s th) t g_p (rates g_th) A4 (@activate_near L s th) Hp).
exact (proj1 (@rates_gradient L none (input L) 1 s th _ _ _) Hth).
Qed.

Theorem layered_outside_nudge : Pinned.layered_outside_nudge.
Proof.
intros L s th t g_p g_th N rest Hp Hth. set (none := fun _ : nat => Identity).
destruct (@prototypical_meets_every_hypothesis L s th) as [A1 [A2 [A3 [A4 _]]]].
destruct (cross_entropy_is_modified rest) as [G E].
apply (@outside_nudge_exact_for_modified_loss N (activate L) _ A1 A2 A3 rest (@activate_differentiable L s th)
  (cross_entropy L) (@cross_entropy_gradient L s th) t g_p (rates g_th) A4 (@transition_near L s th) G E Hp).
exact (proj1 (@rates_gradient L none (input L) 1 s th _ _ _) Hth).
Qed.
